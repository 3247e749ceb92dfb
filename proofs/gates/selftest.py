def main(project):
    return 0
