pragma circom 2.1.6;

include "poseidon.circom";

// What each hash is for stands first in it, so that no hash of one purpose can pass for one of another. The same numbers are
// in contexts/listen_reward/receipts/domain/receipt.py; a test proves that both sides agree.
function TAG_IDENTITY()  { return 8462101; }
function TAG_NULLIFIER() { return 8462102; }
function TAG_RECEIPT()   { return 8462103; }

// What a listener is known by: nobody finds the secret from it.
template IdentityCommitment() {
    signal input secret;
    signal output commitment;

    component hash = Poseidon(2);
    hash.inputs[0] <== TAG_IDENTITY();
    hash.inputs[1] <== secret;
    commitment <== hash.out;
}

// One accepted listen. Seven words wide inside, where a node of the tree is three: neither can pass for the other.
template Receipt() {
    signal input commitment;
    signal input songId;
    signal input seconds;
    signal input epoch;
    signal input nonce;
    signal output leaf;

    component hash = Poseidon(6);
    hash.inputs[0] <== TAG_RECEIPT();
    hash.inputs[1] <== commitment;
    hash.inputs[2] <== songId;
    hash.inputs[3] <== seconds;
    hash.inputs[4] <== epoch;
    hash.inputs[5] <== nonce;
    leaf <== hash.out;
}

// Of the leaf's content, not of its place: a receipt that stands twice in the tree is still claimed once.
template Nullifier() {
    signal input secret;
    signal input leaf;
    signal output nullifier;

    component hash = Poseidon(3);
    hash.inputs[0] <== TAG_NULLIFIER();
    hash.inputs[1] <== secret;
    hash.inputs[2] <== leaf;
    nullifier <== hash.out;
}
