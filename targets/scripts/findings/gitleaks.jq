.[0:][] | "critical"
