"""`python -m modtui.demo`."""

from modtui.demo.serve import main

if __name__ == "__main__":
    main()
