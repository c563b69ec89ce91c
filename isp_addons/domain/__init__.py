"""Pure rules: values in, values out. No framework, no clock, no database."""
