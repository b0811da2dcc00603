// The clusters of the scale benchmark, simulated. Standard library alone.
module bench/simapi

go 1.25.5
