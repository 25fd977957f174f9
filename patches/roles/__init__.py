"""What classes and functions are for ("a convolution"), whatever they are called. Knows symjax alone."""
