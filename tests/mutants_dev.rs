use creditcheck::mutants::kill_matrix;
#[test]
fn show() {
    let matrix = kill_matrix(&Default::default()).unwrap();
    println!("{}", matrix.text());
    assert!(matrix.is_good());
}
