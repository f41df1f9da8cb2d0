"""What pages share: the shell, the choice in the URL, cached loads, widgets."""
