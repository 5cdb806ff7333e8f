"""One file for each kind of pipeline that can be started."""
