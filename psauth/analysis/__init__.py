"""Analysis: what the records say. Each question is an Ibis expression, made of the tables of the copy or of frames."""
