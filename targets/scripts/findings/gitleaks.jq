.[] | "critical"
