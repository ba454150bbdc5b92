"""The console: prompt, log, completions."""
