"""Money that is not on a balance yet: cards. Who takes them stands behind the ports of `isp_addons.payments.base`."""
