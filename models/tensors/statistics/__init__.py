"""Statistics of tensors of any size and dtype: moments, quantiles, histograms."""
