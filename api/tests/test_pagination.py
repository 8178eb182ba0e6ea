"""Lists by cursor. Any table serves to show it: permissions come with Django and have unique ids."""
