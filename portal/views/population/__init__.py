"""Pages of the changes of the register, of visits and of questions between grids."""
