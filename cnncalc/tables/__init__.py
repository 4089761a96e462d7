"""What each table is; `render/` draws them."""
