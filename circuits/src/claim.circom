pragma circom 2.1.6;

include "bitify.circom";
include "merkle.circom";
include "receipt.circom";

// Proves: "I hold a receipt that stands under this root, of this epoch, for at least so many seconds, and this is its
// nullifier", without saying which receipt or whose. It does not prove that anybody listened: whoever writes the tree says so.
//
// Public signals, in this order: nullifier, root, epoch, minSeconds, songDisclosure, payout. An output comes first; inputs
// follow in the order of their declaration, whatever the order in `public [...]`.
//
// What the circuit leaves to whoever verifies: that the root is the final one of a closed epoch, that minSeconds is a tier,
// that the payout is the one asked for, and that the nullifier is new and below the field's order.
template Claim(depth, secondsBits) {
    signal input secret;
    signal input songId;
    signal input seconds;
    signal input nonce;
    signal input leafIndex;
    signal input siblings[depth];

    signal input root;
    signal input epoch;
    signal input minSeconds;
    signal input songDisclosure;  // 0, or the receipt's song
    signal input payout;          // a hash of where and what to pay
    signal output nullifier;

    // The holder of the secret,
    component identity = IdentityCommitment();
    identity.secret <== secret;

    // a receipt of theirs,
    component receipt = Receipt();
    receipt.commitment <== identity.commitment;
    receipt.songId <== songId;
    receipt.seconds <== seconds;
    receipt.epoch <== epoch;
    receipt.nonce <== nonce;

    // which stands under the root.
    component tree = MerkleRoot(depth);
    tree.leaf <== receipt.leaf;
    tree.leafIndex <== leafIndex;
    for (var i = 0; i < depth; i++) {
        tree.siblings[i] <== siblings[i];
    }
    root === tree.root;

    // minSeconds <= seconds. Both are small and so is their difference; without any of the three, a number just below the
    // field's order would pass for a small negative one.
    component secondsRange = Num2Bits(secondsBits);
    secondsRange.in <== seconds;
    component minSecondsRange = Num2Bits(secondsBits);
    minSecondsRange.in <== minSeconds;
    component differenceRange = Num2Bits(secondsBits);
    differenceRange.in <== seconds - minSeconds;

    // The song is named truly or not at all.
    songDisclosure * (songDisclosure - songId) === 0;

    component spent = Nullifier();
    spent.secret <== secret;
    spent.leaf <== receipt.leaf;
    nullifier <== spent.nullifier;

    // A public signal in no constraint is bound by Groth16 as snarkjs makes it, and by other provers perhaps not.
    signal payoutSquare;
    payoutSquare <== payout * payout;
}

component main {public [root, epoch, minSeconds, songDisclosure, payout]} = Claim(20, 16);
