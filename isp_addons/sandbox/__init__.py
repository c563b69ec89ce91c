"""Stand-ins: vendors over real HTTP, and a small UTM5 in any database. For trying, testing and the demo."""
