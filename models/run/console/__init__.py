"""The console without its screen: the interpreter, where a statement ends, how values print, completion."""
