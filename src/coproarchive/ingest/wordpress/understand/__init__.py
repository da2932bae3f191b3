"""What a person reads from a seminar blog's prose: programmes, speakers, talks, dates, authors.

Every module takes lines and gives findings with the line they were read from and a confidence set
by rule. None of them writes anything, and none knows WordPress.
"""
