"""What tests stand on: real databases, real servers, one page client, a real browser."""
