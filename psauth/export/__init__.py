"""Files that people open: spreadsheets, CSV and Parquet, from DataFrames."""
