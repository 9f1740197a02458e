"""What royalties speak of, and the pure arithmetic of sharing them: integers, conserved at each level."""
