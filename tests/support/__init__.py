"""What tests of several folders need and no oracle gives."""
