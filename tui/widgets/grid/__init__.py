"""The numbers of one tensor: grid, heat map, statistics, the ways to an element, and the panes that hold them."""
