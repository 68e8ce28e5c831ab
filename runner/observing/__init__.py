"""What those who operate a service see of it: metrics, health and readiness, traces, a dashboard."""
