"""What packets prove, and the Pods that send them."""
