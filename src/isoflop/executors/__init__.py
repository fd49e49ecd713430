"""Where runs are trained: in this process, or in others of this machine."""
