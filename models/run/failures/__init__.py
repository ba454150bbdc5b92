"""Why a forward failed, in words, with what mends it: one file a family of causes, asked in order by `hints`."""
