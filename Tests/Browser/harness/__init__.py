"""What the browser tests stand on. Each module holds one thing; none imports a test."""
