"""What each command needs of each cluster, and the roles that grant it."""
