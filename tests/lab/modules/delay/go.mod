// The lab's stand-in for `tc netem`, which not every kernel has. Standard library alone.
module lab/delay

go 1.25.5
