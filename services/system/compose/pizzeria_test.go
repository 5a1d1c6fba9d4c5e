package compose

import "traceria/services/pizzeria"

var (
	services   = pizzeria.Services
	everything = pizzeria.All
	known      = pizzeria.Known
)
