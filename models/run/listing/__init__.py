"""The calls of a run as a table shows them: sorted, filtered, with loops and layers that are alike folded into one."""
