"""Where the subscriber's money lives. One adapter is in use: ``ledger`` (built in) or ``utm5`` (NetUP UTM5's own tables)."""
