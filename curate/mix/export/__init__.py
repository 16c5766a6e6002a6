"""What is drawn, in the form that another program reads."""
