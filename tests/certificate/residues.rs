//! Residues by the million, written again from their description.

use creditcheck::certificate::digest::sha256;
use creditcheck::certificate::residues::{Fingerprint, Residues};
use sha2::{Digest, Sha256};

/// Written again from the description: independent of the buffer and of the mask.
#[test]
fn residues_are_as_described() {
    for (prime, bits) in [(2_u32, 1), (3, 2), (101, 7), (4_194_301, 22)] {
        let key = Sha256::digest("digest/7/W1");
        let mut expected = Vec::new();
        for counter in 0..40_u64 {
            let block = Sha256::digest([key.as_slice(), &counter.to_be_bytes()].concat());
            for word in block.chunks(4) {
                let word = word.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
                expected.push(u32::try_from(word % (1 << bits)).unwrap());
            }
        }
        expected.retain(|residue| *residue < prime);
        let mut stream = Residues::new("digest", 7, "W1", prime);
        let found: Vec<_> = expected.iter().map(|_| stream.next()).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_fingerprint_is_that_of_the_bytes() {
    let mut print = Fingerprint::default();
    print.add([1, 258]);
    print.add([3]);
    let expected = sha256(&[0, 0, 0, 1, 0, 0, 1, 2, 0, 0, 0, 3]);
    assert_eq!(print.text(), expected);
}
