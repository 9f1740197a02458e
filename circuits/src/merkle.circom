pragma circom 2.1.6;

include "poseidon.circom";
include "bitify.circom";

// The root of a binary Poseidon tree of one depth, from a leaf, its place and the hashes beside its path.
//
// The path's bits are the decomposition of the place, by one Num2Bits(depth): each is 0 or 1 and the place is below 2^depth by
// construction. Bits taken as inputs and never constrained are what let strangers into the trees of Semaphore 4.0.
template MerkleRoot(depth) {
    signal input leaf;
    signal input leafIndex;
    signal input siblings[depth];
    signal output root;

    component place = Num2Bits(depth);
    place.in <== leafIndex;

    component node[depth];
    signal reached[depth + 1];
    signal shift[depth];
    reached[0] <== leaf;
    for (var i = 0; i < depth; i++) {
        // Both sides are swapped by one multiplication: shift is 0, or what turns each side into the other.
        shift[i] <== place.out[i] * (siblings[i] - reached[i]);
        node[i] = Poseidon(2);
        node[i].inputs[0] <== reached[i] + shift[i];
        node[i].inputs[1] <== siblings[i] - shift[i];
        reached[i + 1] <== node[i].out;
    }
    root <== reached[depth];
}
