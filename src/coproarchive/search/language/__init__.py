"""What words and questions mean: fields, cutting and folding, the query language and its tree."""
