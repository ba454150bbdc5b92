"""A run written for other programs: a report in Markdown, its dataflow as a graph, a Chrome trace."""
