// Comfort for the desk's forms; each is whole without it.
