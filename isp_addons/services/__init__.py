"""What can be asked of isp-addons: one module for each, one transaction each, never a vendor call."""
