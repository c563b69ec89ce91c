"""Who runs the loops: takes events from the spool, delivers wants to vendors, keeps the timetable."""
