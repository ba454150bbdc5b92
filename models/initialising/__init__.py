"""The initialisation lab: rules for parameters, what they would give, and what that does to the signal.

Nothing here changes the open network but `applying.py`; previews work on copies and draw from a generator state that is
put back.
"""
