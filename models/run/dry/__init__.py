"""A forward run without values: shapes, dtypes and costs of any size of network, on fake tensors."""
