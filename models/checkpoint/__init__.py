"""What a checkpoint is once its files were opened: tensors that are read when looked at.  Free of torch."""
