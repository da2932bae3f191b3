"""`python -m coproarchive` is the command line."""

from coproarchive.cli import main

if __name__ == "__main__":
    main()
