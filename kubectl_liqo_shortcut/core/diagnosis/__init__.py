"""Why a link is as it is: checks from the hub down to the tunnel."""
