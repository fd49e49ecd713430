"""Where runs are trained: in this process, or in several local ones."""
